"""What MedSynth does, with no screen in it."""
