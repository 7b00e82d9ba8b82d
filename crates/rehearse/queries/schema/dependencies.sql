-- What depends on what, among objects of users; the last column says whether
-- the first is a part of the second.
SELECT d.classid::regclass, d.objid, d.refclassid::regclass, d.refobjid, d.deptype IN ('i', 'a', 'P', 'S')
  FROM pg_depend AS d
 WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype <> 'e'
   AND (d.classid, d.objid) <> (d.refclassid, d.refobjid);
