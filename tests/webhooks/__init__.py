"""What Sezzle's deliveries do, and what nobody else's can."""
