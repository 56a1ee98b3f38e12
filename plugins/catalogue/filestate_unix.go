//go:build unix

package catalogue

import (
	"crypto/sha256"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// fileState returns an identifier of the state of a file, which changes with its contents, and the
// time of its last change. It is empty where the system does not provide the means.
func fileState(path string) (state string, changed time.Time) {
	var s unix.Stat_t
	if unix.Stat(path, &s) != nil {
		return "", time.Time{}
	}
	changed = time.Unix(s.Ctim.Unix()) // nobody can set it
	text := fmt.Sprintf("%q %d %d %d %d %d", path, s.Dev, s.Ino, s.Size, s.Mtim.Nano(), s.Ctim.Nano())
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text))), changed
}
