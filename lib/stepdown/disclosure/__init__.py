"""Disclosure control: turns an aggregate table into a cleared one, the only kind that can be shown or released.

``made_plan`` decides for all tables of a run together what is hidden, merged and left out; ``clear`` treats a table
by it, or by itself; ``audit_release`` asks what an outsider could still work out. docs/disclosure.md says in plain
words what is done and why.
"""

from stepdown.disclosure.auditing import Audit, Exposed, audit_release, faults_of
from stepdown.disclosure.cleared import ClearedTable
from stepdown.disclosure.clearing import clear, policy_in_words
from stepdown.disclosure.plan import Plan, applied
from stepdown.disclosure.settling import made_plan
from stepdown.disclosure.since_last import Last
