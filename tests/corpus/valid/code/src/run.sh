cat one.txt
