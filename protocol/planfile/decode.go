package planfile

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"noisebench/protocol"
)

// zeroes holds advice for integers of which 0 means the default: the possible intentions of a value
// 0.
var zeroes = map[string]string{
	"tie_seeds": "write -1 for no tie step, or leave the line out for the default",
	"trace":     "write -1 for no trace, or leave the line out for the default",
}

// zeroNumbers holds advice for other numbers of which 0 is not allowed.
var zeroNumbers = map[string]string{
	"epochs": "leave the line out for the problem's own budget",
	"clip":   "leave the line out for no clipping",
}

// zeroAllowed lists the integers that may be 0.
var zeroAllowed = map[string]bool{"first_seed": true, "seed": true}

// refused holds the reasons why an entry lacks keys that other entries have.
var refused = map[reflect.Type]map[string]string{
	reflect.TypeFor[protocol.OptimizerEntry](): {
		"budget": "all optimizers see as many examples: give the budget to an entry of problems",
		"epochs": "all optimizers see as many examples: give the epochs to an entry of problems",
	},
}

// bareNames lists the entries that may be written as a bare name, with the field of the name.
var bareNames = map[reflect.Type]string{
	reflect.TypeFor[protocol.ProblemEntry]():   "Problem",
	reflect.TypeFor[protocol.OptimizerEntry](): "Optimizer",
}

var scheduleType = reflect.TypeFor[protocol.Schedule]()

// decode sets the values of a text in a plan, and leaves the others unchanged.
func decode(file string, b []byte, plan *protocol.Plan) error {
	v, err := parse(file, b)
	if err != nil {
		return err
	}
	if v.kind == mapping {
		own := v.pairs
		v.pairs = nil
		for _, p := range own {
			if !strings.HasPrefix(p.key, "x-") {
				v.pairs = append(v.pairs, p)
			}
		}
	}
	d := decoder{file}
	return d.set("the plan", v, reflect.ValueOf(plan).Elem())
}

// decoder sets fields to values by the keys in the fields' tags.
type decoder struct{ file string }

// set sets a part of a plan to the value of key.
func (d *decoder) set(key string, v *value, to reflect.Value) error {
	wrong := func(want string) error {
		return at(d.file, v.at, "%s is %s, want "+
			"%s", short(key), v, want)
	}
	t := to.Type()
	if v.kind == null {
		return at(d.file, v.at, "%s has no value; give it one or remove the line", short(key))
	}
	switch t.Kind() {
	case reflect.Pointer:
		part := reflect.New(t.Elem())
		to.Set(part)
		return d.set(key, v, part.Elem())
	case reflect.String:
		if v.kind != text {
			return wrong("text (in quotes, if need be)")
		}
		to.SetString(v.text)
	case reflect.Bool:
		if v.kind != boolean {
			return wrong("true or false")
		}
		to.SetBool(strings.EqualFold(v.text, "true"))
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return d.setWhole(key, v, to)
	case reflect.Float64:
		if v.kind != number {
			return wrong("a number" + underscores(v))
		}
		f, err := float(v.text)
		if err != nil {
			return at(d.file, v.at, "%s is %s, %v", short(key), v, err)
		}
		if advice, meant := zeroNumbers[key]; meant && f == 0 {
			return at(d.file, v.at, "%s is 0; %s", key, advice)
		}
		to.SetFloat(f)
	case reflect.Slice:
		if v.kind != list {
			return wrong("a list such as [a, b]")
		}
		elements := reflect.MakeSlice(t, len(v.list), len(v.list))
		for i, e := range v.list {
			if err := d.set("an entry of "+key, e, elements.Index(i)); err != nil {
				return err
			}
		}
		to.Set(elements)
	case reflect.Map:
		if v.kind != mapping {
			return wrong("keys with values, such as \"name: value\"")
		}
		m := reflect.MakeMap(t)
		for _, p := range v.pairs {
			element := reflect.New(t.Elem()).Elem()
			if err := d.set(p.key, p.value, element); err != nil {
				return err
			}
			m.SetMapIndex(reflect.ValueOf(p.key), element)
		}
		to.Set(m)
	case reflect.Struct:
		if name, ok := bareNames[t]; ok && v.kind == text {
			return d.set(key, v, to.FieldByName(name))
		}
		if t == scheduleType {
			return d.setSchedule(key, v, to)
		}
		if v.kind != mapping {
			return wrong("keys with values, such as \"name: value\"")
		}
		return d.setFields(key, v, to)
	default:
		// a test reads every field
		panic(fmt.Sprintf("planfile: %s of a plan is a %s, which no text is", key, t))
	}
	return nil
}

// setWhole sets an integer.
func (d *decoder) setWhole(key string, v *value, to reflect.Value) error {
	unsigned := to.Kind() == reflect.Uint64
	want := "a whole number"
	if v.kind != number {
		return at(d.file, v.at, "%s is %s, want %s%s", short(key), v, want, underscores(v))
	}
	n, err := whole(v.text)
	negative := strings.HasPrefix(v.text, "-") && (err != nil || n != 0)
	switch {
	case unsigned && negative && (err == nil || errors.Is(err, errRange)):
		return at(d.file, v.at, "%s is %s, want a whole number of at least 0", short(key), v)
	case errors.Is(err, errRange) && negative:
		return at(d.file, v.at, "%s is %s, want a whole number of at least %d", short(key), v,
			-wholeLimit)
	case errors.Is(err, errRange):
		return at(d.file, v.at, "%s is %s, want a whole number of at most %d", short(key), v,
			wholeLimit)
	case err != nil:
		return at(d.file, v.at, "%s is %s, want %s", short(key), v, want)
	case n == 0 && !zeroAllowed[key]:
		advice, ok := zeroes[key]
		if !ok {
			advice = "leave the line out for the default"
		}
		return at(d.file, v.at, "%s is 0; %s", short(key), advice)
	case unsigned:
		to.SetUint(uint64(n))
		return nil
	}
	if to.OverflowInt(n) {
		return at(d.file, v.at, "%s is %s, which is too large for this machine", short(key), v)
	}
	to.SetInt(n)
	return nil
}

// underscores returns a hint for a text with underscores, which is no number.
func underscores(v *value) string {
	if v.kind == text && strings.Contains(v.text, "_") &&
		kindOf(strings.ReplaceAll(v.text, "_", "")) == number {
		return " without \"_\""
	}
	return ""
}

// setSchedule sets a schedule, written as a mapping or a list of drops.
func (d *decoder) setSchedule(key string, v *value, to reflect.Value) error {
	s := protocol.Schedule{}
	part := reflect.ValueOf(&s).Elem()
	var err error
	switch v.kind {
	case list:
		err = d.set(key, v, part.FieldByName("Drops"))
	case mapping:
		err = d.setFields(key, v, part)
	default:
		err = at(d.file, v.at, "%s is %s, want keys with values, such as {warmup: 0.05, decay: "+
			"cosine}, or a list of drops", short(key), v)
	}
	if err != nil {
		return err
	}
	if s.Decay == "constant" {
		s.Decay = protocol.Constant
	}
	if len(s.Drops) == 0 {
		s.Drops = nil
	}
	to.Set(part)
	return nil
}

// setFields sets the fields of a struct.
func (d *decoder) setFields(key string, v *value, to reflect.Value) error {
	t := to.Type()
	fields := map[string]int{}
	var known []string
	for i := range t.NumField() {
		tag, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		fields[tag] = i
		known = append(known, tag)
	}
	for _, p := range v.pairs {
		i, ok := fields[p.key]
		if reason, no := refused[t][p.key]; no {
			return at(d.file, p.at, "an optimizer has no %s of its own: %s", p.key, reason)
		}
		if !ok {
			return at(d.file, p.at, "%v in %s", protocol.Unknown("key", short(p.key), known),
				short(key))
		}
		if err := d.set(p.key, p.value, to.Field(i)); err != nil {
			return err
		}
	}
	return nil
}
