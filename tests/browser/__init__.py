"""A real Chromium → whether the page does what it says."""
