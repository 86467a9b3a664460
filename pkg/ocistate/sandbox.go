package ocistate

// The annotations of a container that have the sandbox ID of its pod, by engine.
const (
	CRISandboxAnnotation  = "io.kubernetes.cri.sandbox-id"  // containerd
	CRIOSandboxAnnotation = "io.kubernetes.cri-o.SandboxID" // CRI-O
	NoSandboxAnnotation   = "none"                          // of an engine without pods
)
