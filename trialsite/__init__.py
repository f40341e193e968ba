"""Trialsite: electronic data capture for randomised crossover trials."""
