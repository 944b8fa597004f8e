"""The commands of ``stepdown``: each reads its arguments, calls the library, and says how it ended."""
