//go:build !unix

package catalogue

import "time"

// fileState would name the state of a file; this system does not say enough.
func fileState(string) (state string, changed time.Time) { return "", time.Time{} }
