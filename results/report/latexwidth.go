package report

import (
	"regexp"
	"strings"
)

// Widths of printable ASCII in Computer Modern at 8 pt, roman and bold, in units of pt. LaTeX sets
// the tables in this size, so that the writer can tell what fits without running it; most other
// text fonts are narrower.
var (
	romanWidths = [...]float64{
		2.36, 2.36, 4.25, 7.08, 4.25, 7.08, 6.61, 2.36, 3.31, 3.31, 4.25, 6.61, 2.36, 2.83, 2.36,
		4.25,
		4.25, 4.25, 4.25, 4.25, 4.25, 4.25, 4.25, 4.25, 4.25, 4.25, 2.36, 2.36, 6.61, 6.61, 6.61,
		4.01,
		6.61, 6.37, 6.02, 6.14, 6.49, 5.78, 5.54, 6.67, 6.37, 3.06, 4.36, 6.6, 5.31, 7.78, 6.37,
		6.61,
		5.78, 6.61, 6.25, 4.72, 6.14, 6.37, 6.37, 8.73, 6.37, 6.37, 5.19, 2.36, 4.25, 2.36, 5.67,
		4.25,
		4.25, 4.25, 4.72, 3.78, 4.72, 3.78, 2.6, 4.25, 4.72, 2.36, 2.6, 4.49, 2.36, 7.08, 4.72,
		4.25,
		4.72, 4.49, 3.31, 3.35, 3.31, 4.72, 4.49, 6.14, 4.49, 4.49, 3.78, 4.25, 8.5, 4.25, 5.67,
	}
	boldWidths = [...]float64{
		2.72, 2.98, 5.09, 8.17, 4.9, 8.17, 7.62, 2.72, 3.81, 3.81, 4.9, 7.62, 2.72, 3.27, 2.72, 4.9,
		4.9, 4.9, 4.9, 4.9, 4.9, 4.9, 4.9, 4.9, 4.9, 4.9, 2.72, 2.72, 7.62, 7.62, 7.62, 4.63,
		7.62, 7.38, 6.96, 7.08, 7.5, 6.42, 6.15, 7.7, 7.64, 3.67, 5.05, 7.65, 5.88, 9.27, 7.64,
		7.36,
		6.68, 7.36, 7.32, 5.44, 6.82, 7.51, 7.38, 10.1, 7.38, 7.38, 5.99, 2.72, 5.09, 2.72, 6.53,
		4.9,
		4.9, 4.76, 5.44, 4.36, 5.44, 4.49, 2.99, 4.9, 5.44, 2.72, 2.99, 5.17, 2.72, 8.17, 5.44, 4.9,
		5.44, 5.17, 4.05, 3.87, 3.81, 5.44, 5.17, 7.08, 5.17, 5.17, 4.36, 4.9, 9.8, 4.9, 6.53,
	}
)

const (
	otherWidth = 9.0 // pt: letters and symbols beyond ASCII are at most as wide
	// pt: of the multiplication dot and the raised exponent's smaller space, at most
	exponentWidth = 10.0
)

// exponentAfter finds the exponent of a number, as in "3.02e-9" and "(3.02 ± 0.66)e-9".
var exponentAfter = regexp.MustCompile(`([0-9)\]])e(-?[0-9]+)`)

// minusBefore finds the minus sign of a number.
var minusBefore = regexp.MustCompile(`(^|[\[( ])-([0-9])`)

// latexWidth bounds the width of text in a table, in pt.
func latexWidth(s string, bold bool) float64 {
	widths := &romanWidths
	if bold {
		widths = &boldWidths
	}
	w := exponentWidth * float64(len(exponentAfter.FindAllString(s, -1)))
	for _, r := range s {
		_, known := latexEscapes[r]
		switch {
		case r >= ' ' && r < 0x7f:
			w += widths[r-' ']
		case known || strings.ContainsRune(latexLetters, r):
			w += otherWidth
		default: // written as U+4E2D
			w += 7 * otherWidth
		}
	}
	return w
}

// latexNumber writes numbers as formulas have them: with a minus sign, and powers of ten.
func latexNumber(s string) string {
	s = latexEscape(minusBefore.ReplaceAllString(s, "$1−$2"))
	return exponentAfter.ReplaceAllString(s, `$1$$\cdot10^{$2}$$`)
}

// unbroken is the width in pt of the parts of a long word between which a line may be broken.
const unbroken = 30

// LaTeXText writes plain text for a paragraph of LaTeX, without any package: special characters are
// escaped, and long words may be broken into lines.
func LaTeXText(s string) string { return latexText(s) }

// latexText writes text that may be broken into lines, within long words, too.
func latexText(s string) string {
	b := new(strings.Builder)
	for k, word := range strings.Split(s, " ") {
		if k > 0 {
			b.WriteByte(' ')
		}
		if latexWidth(word, false) <= latexTextWidth*0.8 {
			b.WriteString(latexEscape(word))
			continue
		}
		start := 0
		for i, r := range word {
			end := i + len(string(r))
			n := latexWidth(word[start:end], false)
			if end == len(word) || n >= unbroken || n > unbroken/4 &&
				strings.ContainsRune("-_/.,:=|", r) {
				b.WriteString(latexEscape(word[start:end]))
				if end < len(word) {
					b.WriteString(`\allowbreak{}`)
				}
				start = end
			}
		}
	}
	return b.String()
}
