package results

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// FileName returns the name, without extension, of a file or folder for items that users name, such
// as a plan and a problem. All such file names come from here. Different items get different names,
// even on file systems that ignore case, and no name leads to another folder, is hidden, looks like
// an option or is reserved by Windows.
//
// Letters, digits, "-", "_" and "." represent themselves, and parts are joined by "--". Other
// bytes, and those that would have a special meaning at their position, are written as =XX; an
// empty part is "=". Names that are too long or contain capital letters end in "=_" and a hash,
// after truncation if they are too long. No character has a special meaning to shells, URLs or
// LaTeX.
func FileName(parts ...string) string {
	const most = 180 // below the limit of 255 bytes of file systems, with room for extensions
	encoded := make([]string, len(parts))
	for i, part := range parts {
		encoded[i] = encodeName(part)
	}
	name := strings.Join(encoded, "--")
	if base, _, _ := strings.Cut(name, "."); slices.Contains(reserved, strings.ToLower(base)) {
		name = fmt.Sprintf("=%02X%s", name[0], name[1:])
	}
	if len(name) > most || strings.ContainsFunc(strings.Join(parts, ""), func(r rune) bool {
		return 'A' <= r && r <= 'Z'
	}) {
		sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
		name = fmt.Sprintf("%s=_%x", name[:min(len(name), most-18)], sum[:8])
	}
	return name
}

// reserved lists the names of devices on Windows, which are reserved with any extension.
var reserved = strings.Fields("con prn aux nul com0 com1 com2 com3 com4 com5 com6 com7 com8 com9 " +
	"lpt0 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9")

// encodeName encodes one part of a name. The result contains no "--", and no "-" or "." at its
// ends.
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
