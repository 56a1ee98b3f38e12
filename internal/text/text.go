// Package text writes the pieces of text that messages share.
package text

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Count writes a number of things: "1 run", "2 runs".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// CountIs writes "1 thing is", "2 things are".
func CountIs(n int, thing string) string {
	if n == 1 {
		return Count(n, thing) + " is"
	}
	return Count(n, thing) + " are"
}

// OneLine makes text from elsewhere fit for one line of a terminal: what is not printable becomes a
// space, and runs of spaces become one.
func OneLine(s string) string {
	fields := strings.FieldsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) && r != '\u00a0' })
	return strings.Join(fields, " ")
}

// Brief cuts a text to at most 80 characters.
func Brief(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}

// Quoted is a word as a shell takes it.
func Quoted(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+:@%"
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// FirstLine is the summary of a doc text.
func FirstLine(doc string) string {
	line, _, _ := strings.Cut(doc, "\n")
	return line
}

// Duration writes a duration in at most two units: "40 ms", "1.4 s", "12 s", "3 min 5 s",
// "2 h 10 min".
func Duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < time.Hour:
		d = d.Round(time.Second)
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
}
