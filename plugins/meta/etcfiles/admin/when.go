package admin

import (
	"fmt"
	"time"
)

// ago says how long ago a moment was, in its largest unit: 3s, 5m, 7h or 2d; "-" for none.
func ago(now, when time.Time) string {
	d := now.Sub(when)
	switch {
	case when.IsZero():
		return "-"
	case d < time.Second:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/day)
}

// exact is a moment in RFC 3339, "" for none.
func exact(when time.Time) string {
	if when.IsZero() {
		return ""
	}
	return when.UTC().Format(time.RFC3339)
}
