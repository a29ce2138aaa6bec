"""The portal for guardians: a small server of its own, for a phone, without scripts."""
