//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package results

import (
	"errors"
	"os"
)

// lock would lock a file; this system's locks are not used.
func lock(*os.File, bool) error { return errors.ErrUnsupported }
