"""The trial of the privacy gauge: generators that leak a known share, and whether gauge and gate say so."""
