"""What answers under the plugin's URL."""
