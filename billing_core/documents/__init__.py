"""Documents: bytes that were rendered or received once and are served unchanged ever after."""
