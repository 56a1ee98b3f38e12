//go:build !unix

package catalogue

import "time"

// fileState identifies the state of a file; this system does not provide the means.
func fileState(string) (state string, changed time.Time) { return "", time.Time{} }
