// Package notation writes numbers and names the way that tables, figures and pages show them: a
// mean to the digits that its standard deviation leaves, a number of examples as 55k, a missing
// value as a dash.
package notation

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// None stands for a missing value.
const None = "–"

// Clean makes text of plans, plugins and records fit to be printed in one line: control characters
// and runs of spaces become one space, and at most 200 characters are left.
func Clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > 200 {
		return string(runes[:199]) + "…"
	}
	return string(runes)
}

// Count writes "1 run", "2 runs".
func Count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// Number writes v with four significant digits.
func Number(v float64) string {
	switch {
	case math.IsNaN(v):
		return None
	case math.IsInf(v, 0):
		return strings.TrimPrefix(strconv.FormatFloat(v, 'g', -1, 64), "+")
	case v != 0 && (math.Abs(v) < 1e-3 || math.Abs(v) >= 1e5):
		return shortExponent(strconv.FormatFloat(v, 'e', 3, 64))
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// Numbers writes several numbers, separated by commas.
func Numbers(values []float64) string {
	var all []string
	for _, v := range values {
		all = append(all, Number(v))
	}
	return strings.Join(all, ", ")
}

// Fixed writes v with so many decimals.
func Fixed(v float64, decimals int) string {
	if math.IsNaN(v) {
		return None
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// Factor writes a ratio: "1.3×".
func Factor(v float64) string {
	if math.IsNaN(v) {
		return None
	}
	return fmt.Sprintf("%.1f×", v)
}

// Estimate writes a number with its interval, all with so many decimals: "1.03 [1.01, 1.05]". An
// interval that is NaN is left out.
func Estimate(value, low, high float64, decimals int) string {
	write := func(v float64) string { return place{0, decimals}.write(v) }
	switch {
	case math.IsNaN(value):
		return None
	case math.IsNaN(low):
		return write(value)
	}
	return fmt.Sprintf("%s [%s, %s]", write(value), write(low), write(high))
}

// Percent writes a share and its interval in percent: "30 % [7, 65]".
func Percent(value, low, high float64) string {
	if math.IsNaN(value) {
		return None
	}
	return fmt.Sprintf("%.0f %% [%.0f, %.0f]", 100*value, 100*low, 100*high)
}

// Rank writes a rank, "1=" if it is shared, and 0, which is no rank, as a missing value.
func Rank(rank int, shared bool) string {
	switch {
	case rank == 0:
		return None
	case shared:
		return fmt.Sprintf("%d=", rank)
	}
	return strconv.Itoa(rank)
}

// shortExponent turns "e-07" into "e-7".
func shortExponent(s string) string {
	mantissa, exponent, ok := strings.Cut(s, "e")
	if !ok {
		return s
	}
	n, _ := strconv.Atoi(exponent)
	return fmt.Sprintf("%se%d", mantissa, n)
}

// place is a unit of 10^power and a number of decimals in it; negative decimals round to tens,
// hundreds, ….
type place struct{ power, decimals int }

// placeOf returns the place of the second significant digit of std, and whether mean can sensibly
// be written to it: both are finite, std is not 0, and mean needs no more than nine digits.
func placeOf(mean, std float64) (place, bool) {
	if math.IsNaN(mean-mean) || math.IsNaN(std-std) || std == 0 {
		return place{}, false
	}
	power := 0
	if size := math.Max(math.Abs(mean), std); size < 1e-3 || size >= 1e5 {
		power = exponent(size, 9)
	}
	last := exponent(std, 1) - 1
	return place{power, power - last}, exponent(math.Max(math.Abs(mean), std), 9)-last < 9
}

// exponent returns the decimal exponent of v > 0 rounded to some digits after the first.
func exponent(v float64, digits int) int {
	_, e, _ := strings.Cut(strconv.FormatFloat(v, 'e', digits, 64), "e")
	n, _ := strconv.Atoi(e)
	return n
}

// write writes v in units of 10^power.
func (p place) write(v float64) string {
	v /= math.Pow10(p.power)
	if p.decimals < 0 { // the place is left of the point
		unit := math.Pow10(-p.decimals)
		v = math.Round(v/unit) * unit
	}
	text := strconv.FormatFloat(v, 'f', max(0, p.decimals), 64)
	if strings.Trim(text, "-0.") == "" {
		return strings.TrimPrefix(text, "-") // not "-0.0"
	}
	return text
}

// unit writes the factor 10^power.
func (p place) unit() string {
	if p.power == 0 {
		return ""
	}
	return fmt.Sprintf("e%d", p.power)
}

// pair writes mean ± std.
func (p place) pair(mean, std float64) string {
	text := fmt.Sprintf("%s ± %s", p.write(mean), p.write(std))
	if p.power != 0 {
		text = fmt.Sprintf("(%s)%s", text, p.unit())
	}
	return text
}

// MeanStd writes a mean and its standard deviation, the latter with two significant digits and the
// mean to the same place: "0.9213 ± 0.0012", "(3.50 ± 0.12)e-7". A standard deviation that is NaN
// is left out.
func MeanStd(mean, std float64) string {
	if p, ok := placeOf(mean, std); ok {
		return p.pair(mean, std)
	}
	if math.IsNaN(std) {
		return Number(mean)
	}
	return fmt.Sprintf("%s ± %s", Number(mean), shortExponent(strconv.FormatFloat(std, 'g', 2, 64)))
}

// ShortMeanStd is MeanStd with one significant digit of the standard deviation, and at most five of
// the mean.
func ShortMeanStd(mean, std float64) string {
	p, ok := placeOf(mean, std)
	p.decimals--
	size := math.Max(math.Abs(mean), std)
	if ok && exponent(size, 9)-exponent(std, 0) < 5 {
		return p.pair(mean, std)
	}
	if math.IsNaN(std) {
		return Number(mean)
	}
	return fmt.Sprintf("%s ± %s", Number(mean), shortExponent(strconv.FormatFloat(std, 'g', 1, 64)))
}

// Interval writes an interval of a mean, to the place that MeanStd writes the mean to.
func Interval(mean, std, low, high float64) string {
	p, ok := placeOf(mean, std)
	switch {
	case ok:
		return fmt.Sprintf("[%s, %s]%s", p.write(low), p.write(high), p.unit())
	case math.IsNaN(low):
		return None
	}
	return fmt.Sprintf("[%s, %s]", Number(low), Number(high))
}

// Amount writes a number of examples: 640, 55k, 1.2M.
func Amount(n int64) string {
	v, unit := float64(n), ""
	for _, unit = range []string{"", "k", "M", "G", "T"} {
		if v < 999.5 || unit == "T" {
			break
		}
		v /= 1000
	}
	if v < 99.5 && unit != "" {
		return strconv.FormatFloat(v, 'g', 2, 64) + unit
	}
	return strconv.FormatFloat(v, 'f', 0, 64) + unit
}

// Span writes an interval with three significant digits.
func Span(low, high float64) string {
	if math.IsNaN(low) || math.IsNaN(high) {
		return None
	}
	short := func(v float64) string { return shortExponent(strconv.FormatFloat(v, 'g', 3, 64)) }
	return fmt.Sprintf("[%s, %s]", short(low), short(high))
}

// Probability writes p with two significant digits.
func Probability(p float64) string {
	switch {
	case math.IsNaN(p):
		return None
	case p != 0 && p < 1e-3:
		return shortExponent(strconv.FormatFloat(p, 'e', 0, 64))
	}
	return strconv.FormatFloat(p, 'g', 2, 64)
}
