package results

import (
	"reflect"
	"testing"

	"noisebench/protocol"
)

// Each run differs from the previous one in at most one field, and every change must change the ID.
// Reflection covers new fields of Run automatically.
func TestIDs(t *testing.T) {
	var ids IDs
	run := example(1).Run
	run.Problem.Name = `a "seed":7 \ <problem>`
	run.Problem.Parameters = protocol.Setting{"budget": 1, "seed": 3}
	run.Schedule = protocol.Schedule{Drops: []protocol.Drop{{At: 10, Factor: 0.1}}}
	run.Order = `,"seed":1`
	known := map[string]bool{}
	check := func(what string, isNew bool) {
		t.Helper()
		want := run.ID()
		if known[want] == isNew {
			t.Errorf("%s: the ID is new: %t, want %t", what, !isNew, isNew)
		}
		known[want] = true
		for range 2 {
			if got := ids.Of(&run); got != want {
				t.Errorf("%s: ID is %s, want %s", what, got, want)
			}
		}
	}
	check("at first", true)
	var change func(what string, v reflect.Value)
	change = func(what string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if f := v.Type().Field(i); f.Tag.Get("json") != "-" {
					change(what+"."+f.Name, v.Field(i))
				}
			}
			return
		case reflect.Slice: // a new one each time, since IDs keeps the old
			anew := func(n int) {
				s := reflect.MakeSlice(v.Type(), n, n)
				reflect.Copy(s, v)
				v.Set(s)
			}
			anew(v.Len() + 1)
			check(what, true)
			for i := range v.Type().Elem().NumField() {
				anew(v.Len())
				change(what+"[0]."+v.Type().Elem().Field(i).Name, v.Index(0).Field(i))
			}
			return
		case reflect.Map:
			larger := reflect.MakeMap(v.Type())
			for _, k := range v.MapKeys() {
				larger.SetMapIndex(k, v.MapIndex(k))
			}
			larger.SetMapIndex(reflect.ValueOf("zeta"), reflect.ValueOf(0.5))
			v.Set(larger)
		case reflect.String:
			v.SetString(v.String() + "é")
		case reflect.Int, reflect.Int64:
			v.SetInt(v.Int() + 1)
		case reflect.Uint64:
			v.SetUint(v.Uint() + 1<<63)
		case reflect.Float64:
			v.SetFloat(v.Float() + 1e-9)
		case reflect.Bool:
			v.SetBool(!v.Bool())
		default:
			t.Fatalf("%s is a %s, which this test cannot change", what, v.Kind())
		}
		check(what, true)
		check(what+" as it is", false)
	}
	change("run", reflect.ValueOf(&run).Elem())
}
