"""Laws that grow with the time one gives them: a sample of each in `make test`, hours of them in `make soak`."""
