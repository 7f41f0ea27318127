"""Is this account still its owner? Pure: state in, disclosure in, verdict and new state out."""
