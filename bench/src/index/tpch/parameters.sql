-- name: segment
VALUES ('''BUILDING'''), ('''MACHINERY'''), ('''HOUSEHOLD'''), ('''FURNITURE''')
-- name: region
VALUES ('''ASIA'''), ('''EUROPE'''), ('''AMERICA'''), ('''AFRICA''')
-- name: nation
VALUES ('''GERMANY'''), ('''FRANCE'''), ('''JAPAN'''), ('''KENYA''')
-- name: year
VALUES ('''1994-01-01'''), ('''1995-01-01'''), ('''1996-01-01'''), ('''1993-01-01''')
-- name: quarter
VALUES ('''1993-07-01'''), ('''1994-10-01'''), ('''1996-01-01'''), ('''1995-04-01''')
-- name: day
VALUES ('''1995-03-15'''), ('''1995-03-05'''), ('''1995-03-28'''), ('''1995-03-20''')
-- name: size
VALUES ('15'), ('7'), ('40'), ('23')
-- name: metal
VALUES ('''%BRASS'''), ('''%TIN'''), ('''%STEEL'''), ('''%COPPER''')
-- name: colour
VALUES ('''%green%'''), ('''%lemon%'''), ('''%azure%'''), ('''%khaki%''')
