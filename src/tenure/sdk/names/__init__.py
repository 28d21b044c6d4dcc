"""The way to the activation server when system DNS fails; everything of spec 3.7, behind `tenure.sdk.transport`."""
