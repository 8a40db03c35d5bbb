"""Training, export, calibration and evaluation of the face manipulation detectors under models/."""
