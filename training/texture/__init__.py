"""The texture member: patches of the native picture, never resampled, and fakes made of real faces by the physics of generators."""
