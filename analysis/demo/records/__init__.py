"""Records of forms of the demo's participants. Nothing in them follows from a treatment but through the HAM-D."""
