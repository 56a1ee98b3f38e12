package results

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// FileName is a name for a file or folder that belongs to things with names of their own, such as a plan and a problem: every
// such name is made here. It has no ending. Different names give different files, on file systems that ignore case too, none of
// which lies in another folder, is hidden, looks like an option or is reserved by Windows.
//
// Lower case letters, digits, "-", "_" and "." stand for themselves, and parts are joined by "--". What is left, and what of these
// would have a meaning where it stands, is =XX for each byte; an empty part is "=". A long name is cut, and it and one with
// capital letters end in "=_" and a hash. Nothing of it means something to shells, URLs or LaTeX.
func FileName(parts ...string) string {
	const most = 180 // below the 255 bytes of file systems, with room for endings
	encoded := make([]string, len(parts))
	for i, part := range parts {
		encoded[i] = encodeName(part)
	}
	name := strings.Join(encoded, "--")
	if base, _, _ := strings.Cut(name, "."); slices.Contains(reserved, strings.ToLower(base)) {
		name = fmt.Sprintf("=%02X%s", name[0], name[1:])
	}
	if len(name) > most || strings.ContainsFunc(strings.Join(parts, ""), func(r rune) bool { return 'A' <= r && r <= 'Z' }) {
		sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
		name = fmt.Sprintf("%s=_%x", name[:min(len(name), most-18)], sum[:8])
	}
	return name
}

// reserved are the names of devices on Windows, whatever their ending.
var reserved = strings.Fields("con prn aux nul com0 com1 com2 com3 com4 com5 com6 com7 com8 com9 " +
	"lpt0 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9")

// encodeName writes one part of a name: no "--" is in it, and no "-" or "." at its ends.
func encodeName(part string) string {
	if part == "" {
		return "="
	}
	var b strings.Builder
	for i := range len(part) {
		c := part[i]
		inside := i > 0 && i < len(part)-1
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_',
			c == '.' && inside, c == '-' && inside && part[i-1] != '-':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String()
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
