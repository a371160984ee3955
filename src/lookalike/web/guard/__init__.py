"""Who asks, and for how much → whether and when: token, limits, slow clients, the end."""
