"""Disclosure control: turns an aggregate table into a cleared one, the only kind that can be shown or released.

``clear`` treats one table; ``audit_release`` then asks, of all cleared tables of a run together, what an outsider
could still work out. docs/disclosure.md says in plain words what is done and why.
"""

from stepdown.disclosure.auditing import Audit, Exposed, audit_release, derived_intervals, faults_of
from stepdown.disclosure.cleared import ClearedTable
from stepdown.disclosure.clearing import clear, policy_in_words
