package safefile

// ContentError is what is wrong with what a file holds.
type ContentError struct {
	Path string
	Err  error
}

// Error returns PATH: ERROR.
func (e *ContentError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns the error.
func (e *ContentError) Unwrap() error { return e.Err }
