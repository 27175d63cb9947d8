"""Privacy impact assessment, release gate, reports: pure functions on documents and values."""
