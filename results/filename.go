package results

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// FileName is a name for a file that belongs to a plan, problem, optimizer or another thing with a name of its own: different
// names give different files, none of which lies in another folder or is hidden. Letters, digits, "-", "_" and, but for the
// first character, "." stand for themselves, other bytes are %XX; a long name is cut and ends in a hash.
func FileName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	const most = 180 // below the 255 bytes of file systems, with room for endings
	text := b.String()
	if text == "" {
		return "%"
	}
	if len(text) > most {
		sum := sha256.Sum256([]byte(name))
		text = fmt.Sprintf("%s%%~%x", text[:most-18], sum[:8])
	}
	return text
}

// ReadRegular reads a regular file of at most most bytes. Anything else, such as a pipe or a folder, is an error.
func ReadRegular(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s has more than %d bytes", path, most)
	}
	return text, errors.Join(err, f.Close())
}
