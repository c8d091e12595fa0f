"""An evaluation as one self-contained HTML page: text, tables, drawings, the worst mistakes."""
