package figure

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// LogScale is plot.LogScale for axes on which values may be 0 or below: these lie far below the
// axis, and are clipped.
type LogScale struct{}

// Normalize implements plot.Normalizer.
func (LogScale) Normalize(low, high, v float64) float64 {
	if !(v > 0) {
		return -1
	}
	return math.Log(v/low) / math.Log(high/low)
}

// LogTicks marks a logarithmic axis: powers of ten where it spans enough of them, else 1, 2, 5
// times these. An axis that begins at 0 or below has no marks.
type LogTicks struct {
	Most int // labels, about; 0: 6
}

// Ticks implements plot.Ticker.
func (t LogTicks) Ticks(low, high float64) []plot.Tick {
	most := t.Most
	if most == 0 {
		most = 6
	}
	if !(low > 0) || math.IsInf(high, 0) {
		return nil
	}
	const slack = 1e-9
	first, last := int(math.Ceil(math.Log10(low)-slack)), int(math.Floor(math.Log10(high)+slack))
	if last-first < 1 { // less than two powers of ten
		return oneTwoFive(low, high, most)
	}
	every := 1
	for (last-first)/every+1 > most {
		every++
	}
	plain := first >= -2 && last <= 4
	var ticks []plot.Tick
	for k := first - 1; k <= last; k++ {
		v := math.Pow10(k)
		if k >= first {
			tick := plot.Tick{Value: v}
			// Count from 10⁰, so that axes of different figures agree.
			if (k%every+every)%every == 0 {
				tick.Label = power(k, plain)
			}
			ticks = append(ticks, tick)
		}
		for i := 2.0; i < 10 && every == 1 && last-first < 8; i++ {
			if m := i * v; m >= low && m <= high {
				ticks = append(ticks, plot.Tick{Value: m})
			}
		}
	}
	return ticks
}

// oneTwoFive labels 1, 2 and 5 times powers of ten; if these are too few, 1, 2, 3, 4, 5 and 7
// times, or equal steps.
func oneTwoFive(low, high float64, most int) []plot.Tick {
	for _, labelled := range []string{"125", "123457"} {
		var ticks []plot.Tick
		labels := 0
		for k := int(math.Floor(math.Log10(low))); math.Pow10(k) <= high; k++ {
			for i := 1; i < 10; i++ {
				v := float64(i) * math.Pow10(k)
				if k < 0 { // 3/10 is the number nearest to 0.3, 3·0.1 is not
					v = float64(i) / math.Pow10(-k)
				}
				if v < low*(1-1e-9) || v > high*(1+1e-9) {
					continue
				}
				tick := plot.Tick{Value: v}
				if strings.Contains(labelled, strconv.Itoa(i)) {
					tick.Label = short(v)
					labels++
				}
				ticks = append(ticks, tick)
			}
		}
		if labels > 2 {
			return ticks
		}
	}
	return LinearTicks{Most: most}.Ticks(low, high)
}

// power writes 10^k.
func power(k int, plain bool) string {
	if plain {
		return strconv.FormatFloat(math.Pow10(k), 'f', max(0, -k), 64)
	}
	return "10" + raise + minus(strconv.Itoa(k))
}

// minus replaces a hyphen by a minus sign.
func minus(s string) string {
	if len(s) > 0 && s[0] == '-' {
		return "−" + s[1:]
	}
	return s
}

// short writes a number that has one or two significant digits.
func short(v float64) string {
	if v == 0 {
		return "0"
	}
	if a := math.Abs(v); a >= 1e-3 && a < 1e5 {
		return minus(strconv.FormatFloat(v, 'f', -1, 64))
	}
	k := int(math.Floor(math.Log10(math.Abs(v)) + 1e-9))
	return minus(strconv.FormatFloat(v/math.Pow10(k), 'g', 3, 64)) + "·10" + raise +
		minus(strconv.Itoa(k))
}

// scientific writes a multiple of a step with the power of ten of the largest value on its axis.
func scientific(v, largest, step float64) string {
	if v == 0 {
		return "0"
	}
	k := int(math.Floor(math.Log10(largest) + 1e-9))
	decimals := max(0, k-int(math.Floor(math.Log10(step)+1e-9)))
	return minus(strconv.FormatFloat(v/math.Pow10(k), 'f', decimals, 64)) + "·10" + raise +
		minus(strconv.Itoa(k))
}

// LinearTicks marks a linear axis in steps of 1, 2 or 5 times a power of ten.
type LinearTicks struct {
	Most   int                  // labels, about; 0: 6
	Format func(float64) string // of labels; nil: as many decimals as the steps need
}

// Ticks implements plot.Ticker.
func (t LinearTicks) Ticks(low, high float64) []plot.Tick {
	most := t.Most
	if most == 0 {
		most = 6
	}
	step, parts := niceStep((high - low) / float64(most))
	if math.Floor(high/step+1e-9)-math.Ceil(low/step-1e-9) < 1 { // a single label shows no scale
		step, parts = niceStep(step / 3)
	}
	format := t.Format
	if format == nil {
		decimals := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
		format = func(v float64) string { return minus(strconv.FormatFloat(v, 'f', decimals, 64)) }
		if largest := max(math.Abs(low), math.Abs(high)); decimals > 4 || largest >= 1e6 {
			format = func(v float64) string { return scientific(v, largest, step) }
		}
	}
	var ticks []plot.Tick
	minor := step / float64(parts)
	for i := math.Ceil(low/minor - 1e-9); i*minor <= high+1e-9*step; i++ {
		tick := plot.Tick{Value: i * minor}
		if math.Mod(i, float64(parts)) == 0 {
			tick.Value = i / float64(parts) * step
			if math.Abs(tick.Value) < 1e-12*step {
				tick.Value = 0
			}
			tick.Label = format(tick.Value)
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

// niceStep returns the least of 1, 2 and 5 times a power of ten that is not below a step, and into
// how many parts minor ticks divide it.
func niceStep(step float64) (nice float64, parts int) {
	base := math.Pow10(int(math.Floor(math.Log10(step))))
	for _, f := range []struct {
		factor float64
		parts  int
	}{{1, 5}, {2, 4}, {5, 5}} {
		if v := f.factor * base; v >= step*(1-1e-9) {
			return v, f.parts
		}
	}
	return 10 * base, 5
}

// Amount writes a number of examples: 0, 500, 2.5k, 40k, 1.2M.
func Amount(v float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= unit.size {
			return strconv.FormatFloat(v/unit.size, 'g', 4, 64) + unit.name
		}
	}
	return fmt.Sprintf("%g", v)
}
