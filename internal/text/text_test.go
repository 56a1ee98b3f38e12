package text

import (
	"strings"
	"testing"
	"time"
)

func TestCleaner(t *testing.T) {
	all := "a\x1b[31mb\r\n\tc\u202ed\u00a0ä\xffe\x00\u2028\u009bm–"
	want := "a [31mb \n\tc d\u00a0ä e   m–"
	for size := 1; size <= len(all); size++ { // of the pieces in which it is written
		var out strings.Builder
		c := NewCleaner(&out)
		for rest := all; rest != ""; rest = rest[min(size, len(rest)):] {
			if n, err := c.Write([]byte(rest[:min(size, len(rest))])); err != nil || n != min(size, len(rest)) {
				t.Fatalf("wrote %d bytes (%v)", n, err)
			}
		}
		if out.String() != want {
			t.Errorf("in pieces of %d: got %q, want %q", size, out.String(), want)
		}
	}
}

func TestText(t *testing.T) {
	long := strings.Repeat("ä", 81)
	for _, c := range []struct{ got, want string }{
		{Count(0, "run"), "0 runs"},
		{Count(1, "run"), "1 run"},
		{Count(2, "run"), "2 runs"},
		{CountIs(1, "run"), "1 run is"},
		{CountIs(2, "run"), "2 runs are"},
		{OneLine("a\x1b[31mb\n\tc\u202e d\u00a0e"), "a [31mb c  d\u00a0e"},
		{Brief(long[:160]), long[:160]},
		{Brief(long), long[:2*79] + "…"},
		{FirstLine("A doc.\n\nMore."), "A doc."},
		{FirstLine("A doc."), "A doc."},
		{Quoted("a-b.yaml"), "a-b.yaml"},
		{Quoted(""), "''"},
		{Quoted("it's $x"), `'it'\''s $x'`},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 999 * time.Millisecond: "999 ms", 1450 * time.Millisecond: "1.4 s",
		12 * time.Second: "12 s", 185 * time.Second: "3 min 5 s", 130 * time.Minute: "2 h 10 min",
		51 * time.Hour: "51 h 0 min",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%d ns is written %q, want %q", d, got, want)
		}
	}
}
