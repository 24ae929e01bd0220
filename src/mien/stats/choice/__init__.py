"""The choice model of Bradley-Terry and Plackett-Luce, its priors, and judges that misread."""
