"""Files: what people and programs hand over, read safely, and our own, written whole."""
