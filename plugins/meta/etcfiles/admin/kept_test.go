package admin

import (
	"testing"
	"time"
)

func TestAge(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30d": 30 * day, "1d12h": 36 * time.Hour, "12h": 12 * time.Hour, "90m": 90 * time.Minute, "0s": 0, "0d": 0, "105850d": 105850 * day,
	} {
		var a age
		if err := a.Set(text); err != nil || a.Duration != want || !a.given {
			t.Errorf("%s: %v, %v", text, a.Duration, err)
		}
	}
	for _, text := range []string{"", "d", "30", "-1h", "-1d", "1d-1h", "+1d", "1.5d", "1h1d", "1d1d", "105851d", "4294967296d", "99999999999999999999d", "month"} {
		var a age
		if err := a.Set(text); err == nil {
			t.Errorf("%q is %v", text, a.Duration)
		}
	}
}
