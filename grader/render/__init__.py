"""Report -> terminal, HTML, notebook: one record, several pure renderers."""
