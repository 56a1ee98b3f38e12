package planfile

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Plain scalars of YAML 1.2's core schema (YAML 1.2.2, section 10.3.2).
var (
	decimals = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	octals   = regexp.MustCompile(`^0o[0-7]+$`)
	hexes    = regexp.MustCompile(`^0x[0-9a-fA-F]+$`)
	infinite = regexp.MustCompile(`^[-+]?(\.inf|\.Inf|\.INF)$`)
	nans     = regexp.MustCompile(`^(\.nan|\.NaN|\.NAN)$`)
)

// kindOf returns the kind of a scalar without quotes.
func kindOf(s string) kind {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return null
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return boolean
	}
	for _, r := range []*regexp.Regexp{decimals, octals, hexes, infinite, nans} {
		if r.MatchString(s) {
			return number
		}
	}
	return text
}

// wholeLimit is the greatest integer in a plan. Up to this value, all programs that read JSON agree
// on numbers.
const wholeLimit = 1 << 53

var errRange = errors.New("out of range")

// whole returns the value of a number as an integer. The error is errRange or another description.
func whole(s string) (int64, error) {
	var v uint64
	var err error
	negative := strings.HasPrefix(s, "-")
	switch {
	case octals.MatchString(s), hexes.MatchString(s):
		v, err = strconv.ParseUint(s, 0, 64)
	case infinite.MatchString(s):
		return 0, errRange
	case decimals.MatchString(s):
		v, err = wholeDecimal(strings.TrimLeft(s, "+-"))
	default:
		return 0, errors.New("not a whole number")
	}
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && v > wholeLimit:
		return 0, errRange
	case err != nil:
		return 0, err
	case negative:
		return -int64(v), nil
	}
	return int64(v), nil
}

// wholeDecimal parses a decimal number without sign, digit by digit, since a float would round it.
func wholeDecimal(s string) (uint64, error) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	before, after, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(before+after, "0")
	if digits == "" {
		return 0, nil
	}
	shift := 0
	if exponent != "" {
		var err error
		// the exponent is too large for any number of digits
		if shift, err = strconv.Atoi(exponent); err != nil {
			shift = math.MaxInt32
			if strings.HasPrefix(exponent, "-") {
				shift = math.MinInt32
			}
		}
	}
	shift = min(math.MaxInt32, max(math.MinInt32, shift)) - len(after)
	significant := strings.TrimRight(digits, "0")
	shift += len(digits) - len(significant)
	switch {
	case shift < 0:
		return 0, errors.New("not a whole number")
	case len(significant)+shift > 20:
		return 0, strconv.ErrRange
	}
	return strconv.ParseUint(significant+strings.Repeat("0", shift), 10, 64)
}

// float returns the float64 nearest to a number.
func float(s string) (float64, error) {
	switch {
	case octals.MatchString(s), hexes.MatchString(s):
		v, err := whole(s)
		if err != nil {
			return 0, fmt.Errorf("want at most %d", wholeLimit)
		}
		return float64(v), nil
	case infinite.MatchString(s):
		if strings.HasPrefix(s, "-") {
			return math.Inf(-1), nil
		}
		return math.Inf(1), nil
	case nans.MatchString(s):
		return math.NaN(), nil
	case !decimals.MatchString(s):
		return 0, errors.New("want a number")
	}
	v, err := strconv.ParseFloat(s, 64)
	mantissa, _, _ := strings.Cut(strings.ToLower(s), "e")
	switch {
	case err != nil:
		return 0, fmt.Errorf("want at most %.2g in size", math.MaxFloat64)
	case v == 0 && strings.ContainsAny(mantissa, "123456789"):
		return 0, fmt.Errorf("want 0 or at least %.2g in size", math.SmallestNonzeroFloat64)
	}
	return v, nil
}
