"""What the blinded dashboard counts. No query here reads the closed schema, a kit, an arm or a sequence."""
