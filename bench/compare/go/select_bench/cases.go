// SPDX-License-Identifier: MIT

package main

// Selects with so many cases written out: reflect.Select, which takes any
// number, is several times slower.

func select8(c []chan uint64, count uint64) uint64 {
	sum := uint64(0)
	for i := uint64(0); i < count; i++ {
		select {
		case v := <-c[0]:
			sum += weigh(0, v)
		case v := <-c[1]:
			sum += weigh(1, v)
		case v := <-c[2]:
			sum += weigh(2, v)
		case v := <-c[3]:
			sum += weigh(3, v)
		case v := <-c[4]:
			sum += weigh(4, v)
		case v := <-c[5]:
			sum += weigh(5, v)
		case v := <-c[6]:
			sum += weigh(6, v)
		case v := <-c[7]:
			sum += weigh(7, v)
		}
	}
	return sum
}

func select64(c []chan uint64, count uint64) uint64 {
	sum := uint64(0)
	for i := uint64(0); i < count; i++ {
		select {
		case v := <-c[0]:
			sum += weigh(0, v)
		case v := <-c[1]:
			sum += weigh(1, v)
		case v := <-c[2]:
			sum += weigh(2, v)
		case v := <-c[3]:
			sum += weigh(3, v)
		case v := <-c[4]:
			sum += weigh(4, v)
		case v := <-c[5]:
			sum += weigh(5, v)
		case v := <-c[6]:
			sum += weigh(6, v)
		case v := <-c[7]:
			sum += weigh(7, v)
		case v := <-c[8]:
			sum += weigh(8, v)
		case v := <-c[9]:
			sum += weigh(9, v)
		case v := <-c[10]:
			sum += weigh(10, v)
		case v := <-c[11]:
			sum += weigh(11, v)
		case v := <-c[12]:
			sum += weigh(12, v)
		case v := <-c[13]:
			sum += weigh(13, v)
		case v := <-c[14]:
			sum += weigh(14, v)
		case v := <-c[15]:
			sum += weigh(15, v)
		case v := <-c[16]:
			sum += weigh(16, v)
		case v := <-c[17]:
			sum += weigh(17, v)
		case v := <-c[18]:
			sum += weigh(18, v)
		case v := <-c[19]:
			sum += weigh(19, v)
		case v := <-c[20]:
			sum += weigh(20, v)
		case v := <-c[21]:
			sum += weigh(21, v)
		case v := <-c[22]:
			sum += weigh(22, v)
		case v := <-c[23]:
			sum += weigh(23, v)
		case v := <-c[24]:
			sum += weigh(24, v)
		case v := <-c[25]:
			sum += weigh(25, v)
		case v := <-c[26]:
			sum += weigh(26, v)
		case v := <-c[27]:
			sum += weigh(27, v)
		case v := <-c[28]:
			sum += weigh(28, v)
		case v := <-c[29]:
			sum += weigh(29, v)
		case v := <-c[30]:
			sum += weigh(30, v)
		case v := <-c[31]:
			sum += weigh(31, v)
		case v := <-c[32]:
			sum += weigh(32, v)
		case v := <-c[33]:
			sum += weigh(33, v)
		case v := <-c[34]:
			sum += weigh(34, v)
		case v := <-c[35]:
			sum += weigh(35, v)
		case v := <-c[36]:
			sum += weigh(36, v)
		case v := <-c[37]:
			sum += weigh(37, v)
		case v := <-c[38]:
			sum += weigh(38, v)
		case v := <-c[39]:
			sum += weigh(39, v)
		case v := <-c[40]:
			sum += weigh(40, v)
		case v := <-c[41]:
			sum += weigh(41, v)
		case v := <-c[42]:
			sum += weigh(42, v)
		case v := <-c[43]:
			sum += weigh(43, v)
		case v := <-c[44]:
			sum += weigh(44, v)
		case v := <-c[45]:
			sum += weigh(45, v)
		case v := <-c[46]:
			sum += weigh(46, v)
		case v := <-c[47]:
			sum += weigh(47, v)
		case v := <-c[48]:
			sum += weigh(48, v)
		case v := <-c[49]:
			sum += weigh(49, v)
		case v := <-c[50]:
			sum += weigh(50, v)
		case v := <-c[51]:
			sum += weigh(51, v)
		case v := <-c[52]:
			sum += weigh(52, v)
		case v := <-c[53]:
			sum += weigh(53, v)
		case v := <-c[54]:
			sum += weigh(54, v)
		case v := <-c[55]:
			sum += weigh(55, v)
		case v := <-c[56]:
			sum += weigh(56, v)
		case v := <-c[57]:
			sum += weigh(57, v)
		case v := <-c[58]:
			sum += weigh(58, v)
		case v := <-c[59]:
			sum += weigh(59, v)
		case v := <-c[60]:
			sum += weigh(60, v)
		case v := <-c[61]:
			sum += weigh(61, v)
		case v := <-c[62]:
			sum += weigh(62, v)
		case v := <-c[63]:
			sum += weigh(63, v)
		}
	}
	return sum
}
