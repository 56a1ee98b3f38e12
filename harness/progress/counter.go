package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"noisebench/internal/text"
)

// Counter displays how many of many things are done, such as the files of a bundle: as one line
// that is overwritten, on a terminal, or as a plain line every ten seconds. Its methods may be
// called concurrently.
type Counter struct {
	out     io.Writer
	subject string
	Options

	mu    sync.Mutex
	what  string // of the last update
	drawn time.Time
}

// Count returns a counter on out of what is done with a subject. [Counter.Stop] must be called
// after use.
func Count(out io.Writer, subject string, o Options) *Counter {
	return &Counter{out: out, subject: subject, Options: o, drawn: time.Now()}
}

// Update displays that done of so many things are, for example, "files read".
func (c *Counter) Update(what string, done, of int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	line := fmt.Sprintf("%s: %d of %d %s", c.subject, done, of, what)
	since := time.Since(c.drawn)
	switch {
	case c.Width == nil && since < plainEvery:
		return
	case c.Width == nil:
		fmt.Fprintln(c.out, line)
	case what == c.what && since < liveEvery:
		return
	default:
		c.erase()
		short := []rune(line)
		fmt.Fprint(c.out, string(short[:min(len(short), max(c.Width()-1, 0))]))
	}
	c.what, c.drawn = what, time.Now()
}

// Stop erases the overwritten line.
func (c *Counter) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Width != nil {
		c.erase()
	}
}

// erase erases the overwritten line.
func (c *Counter) erase() { fmt.Fprint(text.Raw(c.out), "\r\x1b[K") }
