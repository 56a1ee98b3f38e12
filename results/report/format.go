package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// none stands for a value that is not there.
const none = "–"

// clean makes text that came from elsewhere fit to be printed in a line: no control characters, not
// too long.
func clean(s string) string {
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

// count writes "1 run", "2 runs".
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// number writes v with four significant digits.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return none
	case math.IsInf(v, 0):
		return strings.TrimPrefix(strconv.FormatFloat(v, 'g', -1, 64), "+")
	case v != 0 && (math.Abs(v) < 1e-3 || math.Abs(v) >= 1e5):
		return shortExponent(strconv.FormatFloat(v, 'e', 3, 64))
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// numbers writes values in a row.
func numbers(values []float64) string {
	var all []string
	for _, v := range values {
		all = append(all, number(v))
	}
	return strings.Join(all, ", ")
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

// place says how values are written: in units of 10^power, with so many decimals; fewer than none
// round further.
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

// meanStd writes a mean and its standard deviation, the latter with two significant digits and the
// mean to the same place: "0.9213 ± 0.0012", "(3.50 ± 0.12)e-7". Diverged runs are flagged by a
// dagger.
func (s Summary) meanStd() string {
	var text string
	switch p, ok := placeOf(s.Mean, s.Std); {
	case s.N == 0:
		return none
	case ok && p.power != 0:
		text = fmt.Sprintf("(%s ± %s)%s", p.write(s.Mean), p.write(s.Std), p.unit())
	case ok:
		text = fmt.Sprintf("%s ± %s", p.write(s.Mean), p.write(s.Std))
	case math.IsNaN(s.Std):
		text = number(s.Mean)
	default:
		text = fmt.Sprintf("%s ± %s", number(s.Mean), shortExponent(strconv.FormatFloat(s.Std, 'g', 2, 64)))
	}
	if s.Diverged > 0 {
		text += " †"
	}
	return text
}

// interval writes the interval of the mean to the same place as meanStd.
func (s Summary) interval() string {
	p, ok := placeOf(s.Mean, s.Std)
	switch {
	case ok:
		return fmt.Sprintf("[%s, %s]%s", p.write(s.Low), p.write(s.High), p.unit())
	case math.IsNaN(s.Low):
		return none
	}
	return fmt.Sprintf("[%s, %s]", number(s.Low), number(s.High))
}

// amount writes a number of examples: 640, 55k, 1.2M.
func amount(n int64) string {
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

// span writes an interval with three significant digits.
func span(low, high float64) string {
	if math.IsNaN(low) || math.IsNaN(high) {
		return none
	}
	short := func(v float64) string { return shortExponent(strconv.FormatFloat(v, 'g', 3, 64)) }
	return fmt.Sprintf("[%s, %s]", short(low), short(high))
}

// probability writes p with two significant digits.
func probability(p float64) string {
	switch {
	case math.IsNaN(p):
		return none
	case p != 0 && p < 1e-3:
		return shortExponent(strconv.FormatFloat(p, 'e', 0, 64))
	}
	return strconv.FormatFloat(p, 'g', 2, 64)
}
