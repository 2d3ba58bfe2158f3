"""The version, in this place only; the build reads it from here."""

VERSION = "0.2.0"
