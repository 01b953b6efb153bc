"""Tests of the examination that sezzle_doctor prints."""
