package text

import (
	"bytes"
	"io"
	"strconv"
	"unicode/utf8"
)

// Cleaner is a writer of text that may come from strangers: plugins, records, bundles. What could
// act on a terminal or change the order of what is read is replaced by a space each: control
// characters other than the end of a line and tabs, marks of direction, and bytes that are no text.
type Cleaner struct {
	w    io.Writer
	part []byte // of a character
}

// NewCleaner returns a writer that cleans what goes to w.
func NewCleaner(w io.Writer) *Cleaner { return &Cleaner{w: w} }

// Raw returns the writer below a [Cleaner], for what is no text or was cleaned already; w itself if
// it is none.
func Raw(w io.Writer) io.Writer {
	if c, ok := w.(*Cleaner); ok {
		return c.w
	}
	return w
}

// Write implements io.Writer.
func (c *Cleaner) Write(p []byte) (int, error) {
	all := append(c.part, p...)
	c.part = nil
	var out bytes.Buffer
	for len(all) > 0 {
		if !utf8.FullRune(all) {
			c.part = bytes.Clone(all) // the rest of it comes with the next call
			break
		}
		r, size := utf8.DecodeRune(all)
		switch {
		case r == utf8.RuneError && size == 1, !printable(r):
			out.WriteByte(' ')
		default:
			out.Write(all[:size])
		}
		all = all[size:]
	}
	if _, err := c.w.Write(out.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// printable reports whether a character may be written to a terminal.
func printable(r rune) bool {
	return r == '\n' || r == '\t' || r == '\u00a0' || r == '\u202f' || r == '\u2009' ||
		strconv.IsPrint(r)
}
