"""The repository keeps its word: sizes, names, privileges, imports, documents and tools."""
