"""The way to the activation server when system DNS fails; everything of [spec: name-resolution], behind
`tenure.sdk.transport`."""
