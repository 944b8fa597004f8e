"""Parameter files: YAML read into frozen, validated settings that refuse the unknown, the undated and the unsourced."""

from stepdown.params.base import ProjectPath, Quality, Settings, Sourced, Text
from stepdown.params.disclosure import DisclosurePolicy
from stepdown.params.loading import build, find_file, load, outside, project_root, read_yaml, study_name
from stepdown.params.study import Group, Study, StudySettings, load_people, load_study
