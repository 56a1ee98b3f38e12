// Package text writes the pieces of text that messages share.
package text

import (
	"fmt"
	"strconv"
	"strings"
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
